"""Settings of the detector: `TRUEPEN_DETECTOR_MODEL_DIR` and so on."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.detector.planning import Limits
from services.runtime.settings import Settings

SHIPPED = Path(__file__).parent / "models"


class DetectorSettings(Settings):
    """Which models run, and how much may wait for them."""

    model_config = SettingsConfigDict(env_prefix="TRUEPEN_DETECTOR_")

    model_dir: Path = SHIPPED
    """Folder of the model whose word counts."""
    shadow_model_dirs: tuple[Path, ...] = ()
    """Folders of models that run beside it, a JSON list. They cost its time."""
    max_batch_texts: int = Field(default=32, ge=1, le=1_024)
    max_batch_chars: int = Field(default=16_384, ge=1)
    """Longest text times the number of texts that run together."""
    max_queue_texts: int = Field(default=4_096, ge=1)
    max_linger_s: float = Field(default=0.002, ge=0, le=1)
    """How long a text may wait for company while the model is idle."""
    max_delay_s: float = Field(default=2.0, gt=0)
    """Texts that would wait longer for a busy model are refused at once."""

    def limits(self) -> Limits:
        """Return what the batcher needs to know."""
        return Limits(
            max_batch_texts=self.max_batch_texts,
            max_batch_chars=self.max_batch_chars,
            max_queue_texts=self.max_queue_texts,
            max_linger=self.max_linger_s,
            max_delay=self.max_delay_s,
        )
