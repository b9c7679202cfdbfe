"""What single statements do: bind names, have effects, run on import."""

import ast
from collections.abc import Iterator

SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def normalised(node: ast.AST) -> str:
    """Write a syntax tree as text, without comments, docstrings and layout.

    Unlike `ast.dump`, the text is the same in every version of Python that
    gives the tree the same meaning: empty fields are left out.
    """
    parts = [type(node).__name__]
    for key, value in ast.iter_fields(node):
        if key in ("kind", "type_comment", "ctx"):
            continue
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt):
                value = [item for item in value if not is_text(item)]
            value = [normalised(v) if isinstance(v, ast.AST) else repr(v)
                     for v in value]
            if value:
                parts.append(f"{key}=[{','.join(value)}]")
        elif isinstance(value, ast.AST):
            parts.append(f"{key}={normalised(value)}")
        elif value is not None or isinstance(node, ast.Constant):
            parts.append(f"{key}={value!r}")
    return f"({' '.join(parts)})"


def is_text(node: ast.AST) -> bool:
    """Tell whether a statement is a bare string, as docstrings are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def bound_names(statement: ast.stmt) -> set[str]:
    """Name what a top-level statement binds, also inside if, try and with."""
    if isinstance(statement, SCOPES):
        return {statement.name}
    if isinstance(statement, ast.Expr | ast.AugAssign | ast.Delete):
        return set()
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, SCOPES):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def has_effect(statement: ast.stmt) -> bool:
    """Tell whether a top-level statement does more than to bind names."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, SCOPES | ast.Lambda) or is_text(node):
            continue
        if isinstance(node, ast.Expr | ast.AugAssign | ast.Delete):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
            node.ctx, ast.Store
        ):
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def run_on_import(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Leave out bare strings and what is under `__name__ == "__main__"`."""
    guard = normalised(ast.parse('__name__ == "__main__"', mode="eval").body)
    for statement in statements:
        if isinstance(statement, ast.If) and (
            normalised(statement.test) == guard
        ):
            yield from run_on_import(statement.orelse)
        elif not is_text(statement):
            yield statement
