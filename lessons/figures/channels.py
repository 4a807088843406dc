"""Where the mask enters: the nine channels that the inpainting UNet is given, as they were in a real call."""

import numpy as np
from PIL import Image

from imaging.masks import grow, larger_side, to_image
from imaging.repaint import Frame, Repainting, frame
from imaging.segmenter import GROWTH
from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.subjects import dressed, shirt, skirt
from lessons.figures.workshop import LATENTS, Seen, Workshop, channel_levels

PROMPT = "a photo of a green skirt"
SEED = 5
STEP = 3
"""The call that is shown, from 0: by then the noise has begun to give way."""


def draw(workshop: Workshop) -> TeachingPicture:
    """What the crop is, and the channels of one call, in the UNet's order."""
    framed, seen = watch(workshop)
    given = seen.given[-1]
    names = [*(f"{index}" for index in range(given.shape[0]))]
    channels = [Image.fromarray(channel_levels(each)) for each in given]
    channels[LATENTS] = Image.fromarray((given[LATENTS].numpy() * 255).astype(np.uint8))
    panels = [Panel(picture=each, words=[name]) for each, name in zip(channels, names, strict=True)]
    bands = [
        Band(
            title="what goes in",
            panels=[
                Panel(picture=framed.picture, words=["picture"], smooth=True),
                Panel(picture=framed.mask, words=["mask"]),
                Panel(picture=masked(framed), words=["picture outside it"], smooth=True),
            ],
            columns=3,
        ),
        Band(title="channels 0 to 3: the noisy latent", panels=panels[:LATENTS], columns=4),
        Band(title="channel 4: the mask · 5 to 8: the latent of what is outside", panels=panels[LATENTS:], columns=5),
    ]
    numbers = {
        "channels": int(given.shape[0]),
        "side": int(given.shape[-1]),
        "masked_percent": round(100 * float(given[LATENTS].mean())),
    }
    return TeachingPicture(bands=bands, numbers=numbers)


def watch(workshop: Workshop) -> tuple[Frame, Seen]:
    """A skirt framed for the model as the service does it, and one call of the UNet while it is repainted."""
    drawing = dressed(4, shirt("pink"), skirt("black", "checked"))
    mask = drawing.mask("skirt")
    loose = to_image(grow(mask, round(GROWTH * larger_side(mask))))
    framed = frame(
        Repainting(picture=drawing.image, mask=loose, prompt=PROMPT, seeds=[SEED]), workshop.entry.resolution
    )
    with workshop.watched() as seen:
        workshop.painter.inpaint(
            prompts=[PROMPT], seeds=[SEED], pictures=[framed.picture], masks=[framed.mask], sampling=workshop.sampling
        )
    return framed, seen[STEP]


def masked(framed: Frame) -> Image.Image:
    """The picture with grey, which the autoencoder reads as 0, inside the mask."""
    return Image.composite(Image.new("RGB", framed.picture.size, (128, 128, 128)), framed.picture, framed.mask)
