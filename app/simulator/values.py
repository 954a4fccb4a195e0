"""Plain input values: conversion, ranges and choices.

Source: ComfyUI, execution.py, `validate_inputs`; the bodies are measured on 0.28.1.
"""

from collections.abc import Callable
from typing import Any

from simulator.nodes import Input

_MOST_CHOICES_QUOTED = 20
_CONVERTERS: dict[object, Callable[[Any], object]] = {
    "INT": int,
    "FLOAT": float,
    "STRING": str,
    "BOOLEAN": bool,
}


def make_error(
    kind: str, message: str, details: str = "", extra: dict[str, object] | None = None
) -> dict[str, object]:
    """Return an error in ComfyUI's form."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra or {}}


def about_input(each: Input, **more: object) -> dict[str, object]:
    """Return what every error says of its input, and more."""
    return {"input_name": each.name, "input_config": each.config(), **more}


class BadValue(Exception):
    """A value is refused; `error` says why in ComfyUI's form."""

    def __init__(self, kind: str, message: str, details: str, extra: dict[str, object]) -> None:
        super().__init__(message)
        self.error = make_error(kind, message, details, extra)


def check_value(each: Input, value: object, *, is_file: bool = False) -> object:
    """Return the value as the node gets it.

    Raises:
        BadValue: It can't be converted, is out of range or not among the choices.
    """
    if isinstance(value, dict) and "__value__" in value:
        value = value["__value__"]
    converted = _convert(each, value)
    if is_file:
        return converted
    about = about_input(each, received_value=converted)
    options = each.options or {}
    low, high = options.get("min"), options.get("max")
    if isinstance(converted, int | float):
        if isinstance(low, int | float) and converted < low:
            message = f"Value {converted} smaller than min of {low}"
            raise BadValue("value_smaller_than_min", message, each.name, about)
        if isinstance(high, int | float) and converted > high:
            message = f"Value {converted} bigger than max of {high}"
            raise BadValue("value_bigger_than_max", message, each.name, about)
    if isinstance(each.type, tuple) and converted not in each.type:
        choices = list(each.type)
        quoted = str(choices)
        if len(choices) > _MOST_CHOICES_QUOTED:
            quoted = f"(list of length {len(choices)})"
            about["input_config"] = None
        details = f"{each.name}: '{converted}' not in {quoted}"
        raise BadValue("value_not_in_list", "Value not in list", details, about)
    return converted


def _convert(each: Input, value: object) -> object:
    convert = _CONVERTERS.get(each.type)
    try:
        return value if convert is None else convert(value)
    except (TypeError, ValueError, OverflowError) as error:
        about = about_input(each, received_value=value, exception_message=str(error))
        message = f"Failed to convert an input value to a {each.type} value"
        details = f"{each.name}, {value}, {error}"
        raise BadValue("invalid_input_type", message, details, about) from error
