"""A formula as people type it, turned into values: `tanh(a*b + c)`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from hornbook.errors import ExpressionError
from hornbook.scalar.value import Value

__all__ = ["FUNCTIONS", "parse_expression"]

FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "exp": Value.exp,
    "log": Value.log,
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
}
OPERATORS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: Value.__add__,
    ast.Sub: Value.__sub__,
    ast.Mult: Value.__mul__,
    ast.Div: Value.__truediv__,
    ast.Pow: Value.__pow__,
}
ALLOWED = f"+ - * / **, brackets, numbers, names, and the functions {', '.join(FUNCTIONS)}"


def parse_expression(text: str, numbers: Mapping[str, float]) -> Value:
    """The value of a formula, with everything it was made of.

    Args:
        text: arithmetic in Python's notation, and nothing else of Python.
        numbers: what each name in it stands for. A name is one leaf, however often it occurs.

    Returns:
        The root; each value in its graph is labelled with the part of the formula that it is.

    Raises:
        ExpressionError: if the text is not such a formula, a name has no number or is not used, or
            the formula has no value there.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        leaves = {name: Value(number, name) for name, number in numbers.items()}
        root = built(tree, leaves)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError) as error:
        told = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(
            f"{text!r} cannot be parsed: {told}.", hint=f"Allowed: {ALLOWED}."
        ) from error
    except (RecursionError, MemoryError) as error:
        raise ExpressionError("The expression is nested too deeply.") from error
    if unused := [name for name in numbers if name not in used]:
        raise ExpressionError(f"{unused[0]} is given a value, but does not occur in {text!r}.")
    return root


def built(node: ast.expr, leaves: Mapping[str, Value]) -> Value:
    """The value of a part of a formula."""
    part = ast.unparse(node)
    value = unlabelled(node, part, leaves)
    value.label = value.label or part
    return value


def unlabelled(node: ast.expr, part: str, leaves: Mapping[str, Value]) -> Value:
    """The same before it is called by that part."""
    if (number := number_of(node)) is not None:
        return Value(number)
    match node:
        case ast.Name(id=name):
            if name in leaves:
                return leaves[name]
            raise ExpressionError(f"{name} has no value.", hint=f"Give it one: {name}=2")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -built(operand, leaves)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return built(operand, leaves)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            a = built(left, leaves)
            if isinstance(op, ast.Pow) and (exponent := number_of(right)) is not None:
                power = computed(part, lambda: a**exponent)
                power.inputs[1].label = ast.unparse(right)
                return power
            b = built(right, leaves)
            return computed(part, lambda: OPERATORS[type(op)](a, b))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            x = built(argument, leaves)
            return computed(part, lambda: FUNCTIONS[name](x))
        case _:
            raise ExpressionError(f"{part!r} is not allowed here.", hint=f"Allowed: {ALLOWED}.")


def number_of(node: ast.expr) -> float | None:
    """The number that is written there, if it is nothing but a number."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as digits):
            number = number_of(digits)
            return None if number is None else -number
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            try:
                return float(number)
            except OverflowError:
                raise ExpressionError(f"{str(number)[:20]}… is too large for a float.") from None
    return None


def computed(part: str, compute: Callable[[], Value]) -> Value:
    """The value of an operation; where it has none, the error tells in which part."""
    try:
        return compute()
    except (ArithmeticError, ValueError) as error:
        raise ExpressionError(f"{part} is undefined here: {error}.") from error
