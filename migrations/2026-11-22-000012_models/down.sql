drop table model_cache, budget_holds, budgets, llm_calls;
