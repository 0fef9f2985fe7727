# What a mapping may call beside what comes with the engine. Each is counted as any definition is.
def in(object): . as $name | object | has($name);
def inside(other): . as $part | other | contains($part);
def index($part): indices($part)[0];
def rindex($part): indices($part)[-1];
def tonumber: if isnumber then . elif isstring then (fromjson | if isnumber then . else error("no number") end) else error("no number") end;
def toboolean: if isboolean then . elif . == "true" then true elif . == "false" then false else error("no boolean") end;
def transpose: [range(0; [.[] | length] | max // 0) as $at | [.[][$at]]];
def ascii: [.] | implode;
def @json: tojson;
def @base64: tostring | encode_base64;
def @base64d: tostring | decode_base64;
def @csv: [.[] | if isstring then "\"" + ([splits("\"")] | join("\"\"")) + "\"" elif . == null then "" else tostring end] | join(",");
