"""Server functions: what the browser may call, with every argument checked.

`gr.HTML(server_functions=...)` makes each of them a public address. A handler declares its
arguments as a subclass of `Request`; what does not fit, and every error that a person can
mend, comes back as one line in `{"error": ...}`.
"""

import inspect
import logging
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from distill.errors import DistillError

Token = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Name = Annotated[str, StringConstraints(max_length=300)]
Column = Annotated[int, Field(ge=0, le=400_000)]
Code = Annotated[int, Field(ge=-1, le=4095)]
Level = Annotated[int, Field(ge=0, le=7)]

_log = logging.getLogger(__name__)


class Part(BaseModel):
    """Arguments taken as they are: no text becomes a number, no unknown name passes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Request(Part):
    """Arguments of a call; the token names the session."""

    token: Token


def endpoint(handler: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Turn `handler(request: SomeRequest) -> dict` into a server function of raw JSON, of the
    same name. The request's type is read from the annotation of the last argument.
    """
    parameter = list(inspect.signature(handler, eval_str=True).parameters.values())[-1]
    wanted: type[Request] = parameter.annotation

    def serve(data: Any) -> dict[str, Any]:
        try:
            return handler(wanted.model_validate(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "request"
            return {"error": f"{where}: {first['msg']}"}
        except DistillError as error:
            return {"error": str(error)}
        except OSError as error:  # a full or read-only disk
            return {"error": f"a file cannot be read or written: {error.strerror or error}"}
        except Exception:
            _log.exception("%s failed", handler.__qualname__)
            return {"error": "that failed; the terminal that runs distill shows why"}

    serve.__name__ = handler.__name__
    return serve
