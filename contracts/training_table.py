"""What a step of fine-tuning takes of each base model, as ``make bench-needs WRITE=1`` measured it: not to be edited.

``parameters`` are the weights of each part, ``adapter`` those that a rank of a LoRA adds to it. ``steps`` are by method, with what else
is trained and saved: MiB ``fixed``, for each ``picture`` of a batch, and for each picture and ``rank``; ``teraflop`` (1e12 operations) a
picture. ``encode``, ``decode`` and ``denoise`` are of one picture.
"""

from collections.abc import Mapping
from typing import Any

TABLE: Mapping[str, Mapping[str, Any]] = {
    "tiny-inpaint": {
        "family": "sd1",
        "parameters": {"vae": 353839, "text_encoder": 131072, "unet": 3183164},
        "adapter": {"unet": 41708, "text_encoder": 1024},
        "steps": {
            "lora": {"fixed": 1, "picture": 9.9, "rank": 0.07, "teraflop": 0.00179},
            "lora+checkpointing": {"fixed": 1, "picture": 5.9, "rank": 0.017, "teraflop": 0.00241},
            "lora+text": {"fixed": 1, "picture": 9.9, "rank": 0.071, "teraflop": 0.00178},
            "lora+text+checkpointing": {"fixed": 1, "picture": 5.7, "rank": 0.019, "teraflop": 0.00239},
            "full": {"fixed": 6, "picture": 9.0, "rank": 0.001, "teraflop": 0.00218},
            "full+checkpointing": {"fixed": 5, "picture": 3.4, "rank": 0.001, "teraflop": 0.00265},
            "full+text": {"fixed": 7, "picture": 9.0, "rank": 0.001, "teraflop": 0.00217},
            "full+text+checkpointing": {"fixed": 5, "picture": 3.3, "rank": 0.001, "teraflop": 0.00264},
        },
        "encode_mib": 1,
        "decode_mib": 2,
        "encode_teraflop": 0.000344,
        "decode_teraflop": 0.00074,
        "denoise_teraflop": 0.00073,
    },
    "sd15-inpaint": {
        "family": "sd1",
        "parameters": {"vae": 83653863, "text_encoder": 123060480, "unet": 859535364},
        "adapter": {"unet": 1053700, "text_encoder": 73728},
        "steps": {
            "lora": {"fixed": 17, "picture": 1405.4, "rank": 1.664, "teraflop": 1.82},
            "lora+checkpointing": {"fixed": 3, "picture": 362.3, "rank": 0.552, "teraflop": 2.53},
            "lora+text": {"fixed": 18, "picture": 1432.2, "rank": 1.741, "teraflop": 1.85},
            "lora+text+checkpointing": {"fixed": 0, "picture": 372.9, "rank": 0.593, "teraflop": 2.57},
            "full": {"fixed": 1639, "picture": 1203.0, "rank": 0.001, "teraflop": 2.47},
            "full+checkpointing": {"fixed": 1639, "picture": 217.8, "rank": 0.001, "teraflop": 3.07},
            "full+text": {"fixed": 1800, "picture": 1253.1, "rank": 0.001, "teraflop": 2.51},
            "full+text+checkpointing": {"fixed": 1801, "picture": 220.9, "rank": 0.001, "teraflop": 3.12},
        },
        "encode_mib": 325,
        "decode_mib": 481,
        "encode_teraflop": 1.12,
        "decode_teraflop": 2.51,
        "denoise_teraflop": 0.803,
    },
    "sd2-inpaint": {
        "family": "sd2",
        "parameters": {"vae": 83653863, "text_encoder": 340387840, "unet": 865925124},
        "adapter": {"unet": 1061892, "text_encoder": 188416},
        "steps": {
            "lora": {"fixed": 17, "picture": 1364.7, "rank": 1.671, "teraflop": 1.82},
            "lora+checkpointing": {"fixed": 3, "picture": 330.0, "rank": 0.487, "teraflop": 2.53},
            "lora+text": {"fixed": 20, "picture": 1432.9, "rank": 1.865, "teraflop": 1.92},
            "lora+text+checkpointing": {"fixed": 0, "picture": 338.2, "rank": 0.656, "teraflop": 2.66},
            "full": {"fixed": 1652, "picture": 1203.9, "rank": 0.001, "teraflop": 2.47},
            "full+checkpointing": {"fixed": 1651, "picture": 217.8, "rank": 0.001, "teraflop": 3.07},
            "full+text": {"fixed": 2202, "picture": 1304.7, "rank": 0.001, "teraflop": 2.61},
            "full+text+checkpointing": {"fixed": 2203, "picture": 225.3, "rank": 0.001, "teraflop": 3.24},
        },
        "encode_mib": 325,
        "decode_mib": 481,
        "encode_teraflop": 1.12,
        "decode_teraflop": 2.51,
        "denoise_teraflop": 0.804,
    },
    "sdxl-inpaint": {
        "family": "sdxl",
        "parameters": {"vae": 83653863, "text_encoder": 123060480, "text_encoder_2": 694659840, "unet": 2567478084},
        "adapter": {"unet": 3077124, "text_encoder": 67584, "text_encoder_2": 327680},
        "steps": {
            "lora": {"fixed": 45, "picture": 9150.4, "rank": 4.922, "teraflop": 14.8},
            "lora+checkpointing": {"fixed": 3, "picture": 1729.1, "rank": 0.469, "teraflop": 21.3},
            "lora+text": {"fixed": 56, "picture": 9292.2, "rank": 5.619, "teraflop": 15.1},
            "lora+text+checkpointing": {"fixed": 3, "picture": 1717.6, "rank": 0.473, "teraflop": 21.6},
            "full": {"fixed": 4896, "picture": 8322.5, "rank": 0.001, "teraflop": 20.6},
            "full+checkpointing": {"fixed": 4890, "picture": 680.9, "rank": 0.001, "teraflop": 25.8},
            "full+text": {"fixed": 6252, "picture": 8618.6, "rank": 0.001, "teraflop": 21.0},
            "full+text+checkpointing": {"fixed": 6242, "picture": 696.9, "rank": 0.001, "teraflop": 26.3},
        },
        "encode_mib": 2573,
        "decode_mib": 1921,
        "encode_teraflop": 4.88,
        "decode_teraflop": 10.5,
        "denoise_teraflop": 6.76,
    },
    "tiny-upscaler": {
        "family": "upscaler",
        "parameters": {"vae": 223995, "text_encoder": 14656, "unet": 647296},
        "adapter": {"unet": 12288},
        "steps": {
            "lora": {"fixed": 1, "picture": 145.8, "rank": 0.113, "teraflop": 0.0128},
            "lora+checkpointing": {"fixed": 1, "picture": 122.7, "rank": 0.024, "teraflop": 0.0146},
            "full": {"fixed": 2, "picture": 141.1, "rank": 0.001, "teraflop": 0.0138},
            "full+checkpointing": {"fixed": 1, "picture": 121.7, "rank": 0.001, "teraflop": 0.0151},
        },
        "encode_mib": 17,
        "decode_mib": 12,
        "encode_teraflop": 0.00165,
        "decode_teraflop": 0.00387,
        "denoise_teraflop": 0.00203,
    },
    "sd-x4-upscaler": {
        "family": "upscaler",
        "parameters": {"vae": 55325927, "text_encoder": 340387840, "unet": 473398020},
        "adapter": {"unet": 824836},
        "steps": {
            "lora": {"fixed": 12, "picture": 2447.3, "rank": 1.741, "teraflop": 2.33},
            "lora+checkpointing": {"fixed": 2, "picture": 1176.1, "rank": 0.464, "teraflop": 3.31},
            "full": {"fixed": 832, "picture": 2154.2, "rank": 0.001, "teraflop": 3.39},
            "full+checkpointing": {"fixed": 394, "picture": 876.9, "rank": 0.001, "teraflop": 4.18},
        },
        "encode_mib": 644,
        "decode_mib": 481,
        "encode_teraflop": 1.79,
        "decode_teraflop": 3.09,
        "denoise_teraflop": 1.13,
    },
}
