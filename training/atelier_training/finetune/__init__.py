"""Fine-tuning: DreamBooth on an inpainting or text-to-image Stable Diffusion, by LoRA or of every weight."""
