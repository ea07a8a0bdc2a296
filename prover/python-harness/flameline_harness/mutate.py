"""Small mistakes in the new code, which calls and tests should notice."""

import ast
import random

from .request import REQUEST, answer
from .subject import definition, read_target

OTHER_NAME = {
    "match": "search", "search": "match", "fullmatch": "match", "findall": "split", "sub": "subn", "split": "findall",
    "append": "remove", "add": "discard", "update": "clear", "extend": "append", "join": "strip", "strip": "lstrip", "lower": "upper",
    "upper": "lower", "startswith": "endswith", "endswith": "startswith", "min": "max", "max": "min", "any": "all", "all": "any",
    "sorted": "list", "loads": "dumps", "dumps": "loads", "set": "list", "frozenset": "list", "copy": "deepcopy", "info": "error", "debug": "error",
    "warning": "error", "union": "intersection", "get": "pop", "items": "keys", "keys": "values", "values": "keys", "sum": "len", "len": "sum",
    "desc": "asc", "asc": "desc", "scalars": "execute",
}
# Of a query that is put together call by call.
LEFT_OUT = {"filter", "filter_by", "where", "order_by", "limit", "offset", "distinct", "group_by", "having", "join", "outerjoin", "exclude"}
OTHER_COMPARISON = {
    "Lt": "<=", "LtE": "<", "Gt": ">=", "GtE": ">", "Eq": "!=", "NotEq": "==", "In": "not in", "NotIn": "in", "Is": "is not", "IsNot": "is",
}
OTHER_OPERATOR = {"Add": "-", "Sub": "+", "Mult": "+", "Div": "*", "FloorDiv": "*", "Mod": "+", "BitOr": "&", "BitAnd": "|"}


def step_mutants():
    """Small mistakes in the changed lines of the new text, then in the rest of the function."""
    text = read_target()
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = text.encode()
    tree = ast.parse(text)
    node = definition(text)
    changed = [range(first, last + 1) for first, last in REQUEST["changed"]]

    def span(each):
        return starts[each.lineno - 1] + each.col_offset, starts[each.end_lineno - 1] + each.end_col_offset

    def code(each):
        begin, end = span(each)
        return data[begin:end].decode()

    found = []

    def mutant(each, replacement, what):
        begin, end = span(each)
        mutated = data[:begin] + replacement.encode("utf-8", "surrogatepass") + data[end:]
        try:
            ast.parse(mutated)
        except (SyntaxError, ValueError):
            return
        near = any(each.lineno in part for part in changed)
        found.append((0 if near else 1, mutated.decode("utf-8", "surrogatepass"), f"line {each.lineno}: {what}"))

    def mutate(each):
        if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes)) and each.value != "" and each.value != b"":
            value = each.value
            mutant(each, repr(value[:-1]), "a text without its end")
            mutant(each, repr(value[1:]), "a text without its beginning")
            mutant(each, repr(value + (b"x" if isinstance(value, bytes) else "x")), "a text with a letter more")
        elif isinstance(each, ast.Constant) and type(each.value) in (int, float):
            mutant(each, repr(each.value + 1), "a number more by one")
        elif isinstance(each, ast.Constant) and isinstance(each.value, bool):
            mutant(each, repr(not each.value), "the other truth value")
        elif isinstance(each, ast.Compare) and len(each.ops) == 1:
            operator = OTHER_COMPARISON[type(each.ops[0]).__name__]
            mutant(each, f"({code(each.left)} {operator} {code(each.comparators[0])})", "another comparison")
        elif isinstance(each, ast.BoolOp):
            word = " or " if isinstance(each.op, ast.And) else " and "
            mutant(each, "(" + word.join(f"({code(one)})" for one in each.values) + ")", "another connective")
        elif isinstance(each, ast.BinOp) and type(each.op).__name__ in OTHER_OPERATOR:
            mutant(each, f"({code(each.left)} {OTHER_OPERATOR[type(each.op).__name__]} {code(each.right)})", "another operator")
        elif isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.Not):
            mutant(each, f"({code(each.operand)})", "no negation")
        elif isinstance(each, ast.Call):
            name = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            if name in OTHER_NAME:
                other = f"{code(each.func.value)}.{OTHER_NAME[name]}" if isinstance(each.func, ast.Attribute) else OTHER_NAME[name]
                mutant(each.func, other, f"{OTHER_NAME[name]} for {name}")
            if name in LEFT_OUT and isinstance(each.func, ast.Attribute):
                mutant(each, code(each.func.value), f"no {name}")
            if len(each.args) > 1:
                mutant(each, f"{code(each.func)}({', '.join(map(code, each.args[:-1]))})", "an argument less")
                swapped = [each.args[1], each.args[0], *each.args[2:]]
                mutant(each, f"{code(each.func)}({', '.join(map(code, swapped))})", "arguments the other way round")
        elif isinstance(each, (ast.If, ast.While, ast.IfExp)):
            mutant(each.test, f"(not ({code(each.test)}))", "the opposite condition")
        elif isinstance(each, (ast.Assign, ast.AugAssign, ast.Expr)) and not isinstance(getattr(each, "value", None), ast.Constant):
            mutant(each, "pass", "a statement less")
        elif isinstance(each, ast.Return) and each.value is not None:
            mutant(each, "return None", "nothing returned")

    body = [each for each in tree.body if any(each.lineno in part for part in changed) and not hasattr(each, "body")]
    for part in [*body, node]:
        for each in ast.walk(part):
            if hasattr(each, "lineno") and not isinstance(each, (ast.arguments, ast.arg)):
                mutate(each)
    unique = {mutated: (near, what) for near, mutated, what in reversed(found)}
    near = [(mutated, what) for mutated, (order, what) in unique.items() if order == 0]
    rest = [(mutated, what) for mutated, (order, what) in unique.items() if order == 1]
    dice = random.Random(7)
    dice.shuffle(near)
    dice.shuffle(rest)
    most = REQUEST["most"]
    chosen = near[:most] if len(near) >= 5 else [*near, *rest][: min(most, max(5, len(near)))]
    answer({"mutants": [{"text": mutated, "what": what} for mutated, what in chosen]})
