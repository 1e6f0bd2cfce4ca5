"""The networks that can be trained: one row each, with what was published and how it is best used here.

Published columns: Keras' table of keras.applications (ImageNet accuracy; milliseconds per inference step).
"""

import difflib
from dataclasses import dataclass
from typing import Literal

from smearflow.errors import SettingsError
from smearflow.models.lecture_figures import lecture_model, scaled_epochs
from smearflow.settings import Lecture, Model, Train

Preprocessing = Literal["none", "tf", "caffe", "torch"]

K = "_weights_tf_dim_ordering_tf_kernels_notop.h5"
KERAS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
EFFICIENTNET_URL = "https://storage.googleapis.com/keras-applications/"
HEAD_EPOCHS = 30  # of a linear head on cached features: seconds


@dataclass(frozen=True)
class Backbone:
    """One network. ``weights`` is where Keras keeps its ImageNet weights without the top, below KERAS_URL.

    Published: size (MB), top-1 and top-5 accuracy (0-1), parameters, depth (layers), ms a step on CPU and GPU.
    Used here: side of the input (pixels) and the layers whose pooled output is the feature; none: the last layer.
    """

    name: str
    preprocessing: Preprocessing
    least_size: int
    weights: str | None
    size_mb: int | None = None
    top1: float | None = None
    top5: float | None = None
    params: int | None = None
    depth: int | None = None
    cpu_ms: float | None = None
    gpu_ms: float | None = None
    input_size: int = 128
    cut: tuple[str, ...] | None = None

    @property
    def frozen_params(self) -> int | None:
        """Parameters of its layers without the top; None where nothing is frozen."""
        return FROZEN_PARAMS.get(self.name)

    @property
    def frozen(self) -> bool:
        """Whether its layers keep the weights they came with, and only a linear head is fitted."""
        return self.weights is not None

    @property
    def url(self) -> str | None:
        if self.weights is None:
            return None
        base = EFFICIENTNET_URL if self.name.startswith("EfficientNet") else KERAS_URL
        return base + self.weights

    @property
    def weight_files(self) -> tuple[str, ...]:
        """File names that its ImageNet weights are known under, the one of Keras' cache first."""
        if self.weights is None:
            return ()
        snake = self.name.replace("MobileNetV2", "mobilenet_v2").lower()
        cached = self.weights.rsplit("/", 1)[-1].replace("NASNet-mobile-no", "nasnet_mobile_no")
        cached = cached.replace("NASNet-large-no", "nasnet_large_no")
        stems = (f"{snake}_1.00_no_top", f"{snake}_no_top", snake, self.name)
        return (cached, *(f"{stem}{end}" for stem in stems for end in (".weights.h5", ".h5")))


# Measured on real cells, patients apart: a parasite is a small texture, and later layers throw it away.
MOBILENET_CUT = ("conv_pw_1_relu", "conv_pw_3_relu", "conv_pw_5_relu")
MOBILENET_V2_CUT = ("block_3_expand_relu", "block_6_expand_relu")

BACKBONES = (
    Backbone("compact", "none", 32, None, params=98_289, input_size=96),
    Backbone("simple_cnn", "none", 32, None, params=21_590_593, input_size=150),
    # name, preprocessing, least side, weights, MB, top-1, top-5, parameters, depth, CPU ms, GPU ms, side, cut
    Backbone("Xception", "tf", 71, "xception/xception" + K, 88, 0.790, 0.945, 22_910_480, 126, 109.42, 8.06),
    Backbone("VGG16", "caffe", 32, "vgg16/vgg16" + K, 528, 0.713, 0.901, 138_357_544, 23, 69.50, 4.16),
    Backbone("VGG19", "caffe", 32, "vgg19/vgg19" + K, 549, 0.713, 0.900, 143_667_240, 26, 84.75, 4.38),
    Backbone("ResNet50", "caffe", 32, "resnet/resnet50" + K, 98, 0.749, 0.921, 25_636_712, None, 58.20, 4.55),
    Backbone("ResNet101", "caffe", 32, "resnet/resnet101" + K, 171, 0.764, 0.928, 44_707_176, None, 89.59, 5.19),
    Backbone("ResNet152", "caffe", 32, "resnet/resnet152" + K, 232, 0.766, 0.931, 60_419_944, None, 127.43, 6.54),
    Backbone("ResNet50V2", "tf", 32, "resnet/resnet50v2" + K, 98, 0.760, 0.930, 25_613_800, None, 45.63, 4.42),
    Backbone("ResNet101V2", "tf", 32, "resnet/resnet101v2" + K, 171, 0.772, 0.938, 44_675_560, None, 72.73, 5.43),
    Backbone("ResNet152V2", "tf", 32, "resnet/resnet152v2" + K, 232, 0.780, 0.942, 60_380_648, None, 107.50, 6.64),
    Backbone("InceptionV3", "tf", 75, "inception_v3/inception_v3" + K, 92, 0.779, 0.937, 23_851_784, 159, 42.25, 6.86),
    Backbone(
        "InceptionResNetV2",
        "tf",
        75,
        "inception_resnet_v2/inception_resnet_v2" + K,
        215,
        0.803,
        0.953,
        55_873_736,
        572,
        130.19,
        10.02,
    ),
    Backbone(
        "MobileNet",
        "tf",
        32,
        "mobilenet/mobilenet_1_0_224_tf_no_top.h5",
        16,
        0.704,
        0.895,
        4_253_864,
        88,
        22.60,
        3.44,
        96,
        MOBILENET_CUT,
    ),
    Backbone(
        "MobileNetV2",
        "tf",
        32,
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        14,
        0.713,
        0.901,
        3_538_984,
        88,
        25.90,
        3.83,
        96,
        MOBILENET_V2_CUT,
    ),
    Backbone("DenseNet121", "torch", 32, "densenet/densenet121" + K, 33, 0.750, 0.923, 8_062_504, 121, 77.14, 5.38),
    Backbone("DenseNet169", "torch", 32, "densenet/densenet169" + K, 57, 0.762, 0.932, 14_307_880, 169, 96.40, 6.28),
    Backbone("DenseNet201", "torch", 32, "densenet/densenet201" + K, 80, 0.773, 0.936, 20_242_984, 201, 127.24, 6.67),
    Backbone(
        "NASNetMobile", "tf", 32, "nasnet/NASNet-mobile-no-top.h5", 23, 0.744, 0.919, 5_326_716, None, 27.04, 6.70
    ),
    Backbone(
        "NASNetLarge", "tf", 32, "nasnet/NASNet-large-no-top.h5", 343, 0.825, 0.960, 88_949_818, None, 344.51, 19.96
    ),
    Backbone("EfficientNetB0", "none", 32, "efficientnetb0_notop.h5", 29, None, None, 5_330_571, None, 46.00, 4.91),
    Backbone("EfficientNetB1", "none", 32, "efficientnetb1_notop.h5", 31, None, None, 7_856_239, None, 60.20, 5.55),
    Backbone("EfficientNetB2", "none", 32, "efficientnetb2_notop.h5", 36, None, None, 9_177_569, None, 80.79, 6.50),
    Backbone("EfficientNetB3", "none", 32, "efficientnetb3_notop.h5", 48, None, None, 12_320_535, None, 139.97, 8.77),
    Backbone("EfficientNetB4", "none", 32, "efficientnetb4_notop.h5", 75, None, None, 19_466_823, None, 308.33, 15.12),
    Backbone("EfficientNetB5", "none", 32, "efficientnetb5_notop.h5", 118, None, None, 30_562_527, None, 579.18, 25.29),
    Backbone("EfficientNetB6", "none", 32, "efficientnetb6_notop.h5", 166, None, None, 43_265_143, None, 958.12, 40.45),
    Backbone(
        "EfficientNetB7", "none", 32, "efficientnetb7_notop.h5", 256, None, None, 66_658_687, None, 1578.90, 61.62
    ),
)


# Parameters without the top, as built here with Keras 3.15: all of them are frozen.
FROZEN_PARAMS = {
    "Xception": 20_861_480, "VGG16": 14_714_688, "VGG19": 20_024_384, "ResNet50": 23_587_712, "ResNet101": 42_658_176,
    "ResNet152": 58_370_944, "ResNet50V2": 23_564_800, "ResNet101V2": 42_626_560, "ResNet152V2": 58_331_648,
    "InceptionV3": 21_802_784, "InceptionResNetV2": 54_336_736, "MobileNet": 3_228_864, "MobileNetV2": 2_257_984,
    "DenseNet121": 7_037_504, "DenseNet169": 12_642_880, "DenseNet201": 18_321_984, "NASNetMobile": 4_269_716,
    "NASNetLarge": 84_916_818, "EfficientNetB0": 4_049_571, "EfficientNetB1": 6_575_239, "EfficientNetB2": 7_768_569,
    "EfficientNetB3": 10_783_535, "EfficientNetB4": 17_673_823, "EfficientNetB5": 28_513_527,
    "EfficientNetB6": 40_960_143, "EfficientNetB7": 64_097_687,
}  # fmt: skip


def names() -> list[str]:
    """Every name that `models` may hold."""
    return [row.name for row in BACKBONES]


def find(name: str) -> Backbone:
    """The row of ``name``. Raises SettingsError with the nearest name."""
    for row in BACKBONES:
        if row.name == name:
            return row
    near = difflib.get_close_matches(name.lower(), [n.lower() for n in names()], n=1, cutoff=0.4)
    meant = next((n for n in names() if near and n.lower() == near[0]), "compact")
    raise SettingsError(
        f"models: there is no backbone {name!r}; did you mean {meant!r}?",
        "Known: " + ", ".join(names()),
    )


def resolve(model: Model, top_weights: str | None, train: Train, lecture: Lecture) -> Model:
    """``model`` with every open setting filled from its row; ``top_weights`` wins over the model's own.

    Raises SettingsError for an unknown name, a size that the network can't take, or a cut where nothing is frozen
    or where the lecture's recipe keeps the last layer.
    """
    row = find(model.name)
    taught = model.recipe == "lecture"
    size = model.input_size or (lecture_model(row.name).input_size if taught else row.input_size)
    if size != "auto" and size < row.least_size:
        raise SettingsError(
            f"models: {row.name} needs input_size {row.least_size} or more, got {size}", f"Set it to {row.input_size}."
        )
    _check_cut(model, row)
    weights = (top_weights or model.weights or "imagenet") if row.frozen else "random"
    epochs = (
        scaled_epochs(row.name, lecture.epochs_scale)
        if taught
        else HEAD_EPOCHS
        if row.frozen and model.trainable == "head"
        else train.epochs
    )
    return model.model_copy(
        update={
            "input_size": size,
            "cut": None if taught or model.cut == "last" else model.cut or row.cut,
            "weights": weights,
            "epochs": model.epochs or epochs,
        }
    )


def _check_cut(model: Model, row: Backbone) -> None:
    cut = [model.cut] if isinstance(model.cut, str) else list(model.cut or ())
    if cut and not row.frozen:
        raise SettingsError(
            f"models: {row.name} is trained whole and has no layer to cut at, got cut {cut}",
            "Remove cut, or choose a keras.applications backbone.",
        )
    if cut and model.recipe == "lecture":
        raise SettingsError(
            f"models: {row.name} has recipe lecture, which keeps the last layer, got cut {cut}",
            "Remove cut, or recipe: lecture.",
        )
    if model.trainable != "head" and (not row.frozen or model.recipe == "lecture"):
        how = "has recipe lecture" if row.frozen else "is trained whole"
        raise SettingsError(f"models: {row.name} {how}, got trainable {model.trainable}", "Remove trainable.")
    if model.views > 1 and (not row.frozen or model.recipe == "lecture" or model.trainable == "all"):
        raise SettingsError(
            f"models: {row.name} sees images anew in every epoch, got views {model.views}", "Remove views."
        )
    if model.input_size == "auto" and (not row.frozen or model.recipe == "lecture"):
        raise SettingsError(
            f"models: {row.name} has no frozen layers to compare sizes on, got input_size auto",
            f"Set it to {row.input_size}, or remove it.",
        )
