"""What every part of the settings is: frozen, and closed to keys that it doesn't know."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

UNKEYED: dict[str, Any] = {"keyed": False}  # changes how a result is reached, not the result: no part of a cache key
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A part of the settings: frozen, and closed to keys that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def keyed(self) -> dict[str, Any]:
        """The values that a result depends on, for a cache key."""
        fields = type(self).model_fields.items()
        return self.model_dump(mode="json", exclude={name for name, f in fields if f.json_schema_extra == UNKEYED})
