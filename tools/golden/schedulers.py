"""Writes tests/data/golden/schedulers.json: what the noise schedulers of diffusers make of a fixed
sequence of model outputs.

Run from the source root with a Python that has torch and diffusers:  python tools/golden/schedulers.py
"""
import json
import pathlib

import diffusers
import torch

OUT = pathlib.Path("tests/data/golden/schedulers.json")
SEED = 20240613
SHAPE = (2, 1, 1, 2)
MOST_STEPS = 21  # pndm has one more than it is asked for

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
CLASSES = dict(
    ddim=diffusers.DDIMScheduler,
    pndm=diffusers.PNDMScheduler,
    euler=diffusers.EulerDiscreteScheduler,
    euler_a=diffusers.EulerAncestralDiscreteScheduler,
    dpmpp_2m=diffusers.DPMSolverMultistepScheduler,
    lcm=diffusers.LCMScheduler,
)
OWN = dict(ddim=dict(clip_sample=False), pndm=dict(skip_prk_steps=True))
NO_SAMPLE = ("pndm", "euler_a")


def cases():
    """(kind, settings, steps, first step)"""
    for kind in CLASSES:
        own = {**SD, **OWN.get(kind, {})}
        for prediction in ("epsilon", "v_prediction", "sample"):
            if prediction != "sample" or kind not in NO_SAMPLE:
                yield kind, {**own, "prediction_type": prediction}, 5, 0
        for spacing in ("leading", "linspace", "trailing"):
            if kind != "lcm":
                yield kind, {**own, "timestep_spacing": spacing, "steps_offset": 1}, 7, 0
        if kind != "pndm":
            yield kind, {**own, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"}, 5, 0
        yield kind, {**own, "beta_schedule": "squaredcos_cap_v2"}, 5, 0
        yield kind, {**own, "beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}, 5, 0
        yield kind, own, 6, 2
        yield kind, {**own, "timestep_spacing": "trailing"}, 1, 0  # 0 elsewhere, of whose sigma float32 keeps few digits
    for kind in ("ddim", "pndm", "dpmpp_2m"):
        yield kind, {**SD, **OWN.get(kind, {}), "steps_offset": 1}, 20, 0
    for kind in ("ddim", "lcm"):
        yield kind, {**SD, "clip_sample": True, "clip_sample_range": 0.8}, 5, 0
    for kind in ("ddim", "pndm"):
        yield kind, {**SD, **OWN.get(kind, {}), "set_alpha_to_one": kind == "pndm"}, 5, 0
    for kind in ("euler", "dpmpp_2m"):
        for prediction in ("epsilon", "v_prediction", "sample"):
            yield kind, {**SD, "use_karras_sigmas": True, "prediction_type": prediction}, 5, 0
        yield kind, {**SD, "use_karras_sigmas": True}, 20, 0
        yield kind, {**SD, "use_karras_sigmas": True, "final_sigmas_type": "sigma_min"}, 5, 0
        yield kind, {**SD, "final_sigmas_type": "sigma_min"}, 5, 0
    yield "dpmpp_2m", {**SD, "final_sigmas_type": "sigma_min", "lower_order_final": False}, 5, 0
    yield "dpmpp_2m", {**SD, "final_sigmas_type": "sigma_min", "euler_at_final": True}, 16, 0
    yield "lcm", {**SD, "original_inference_steps": 40, "timestep_scaling": 0.001}, 6, 0


def flat(tensor):
    return [float(x) for x in tensor.flatten()]


def draw():
    generator = torch.Generator().manual_seed(SEED)
    return lambda *shape: torch.randn(shape, generator=generator)


def run(kind, settings, steps, first, initial, original, outputs, noises):
    scheduler = CLASSES[kind](**settings)
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    timesteps = scheduler.timesteps[first:]
    sigma = float(scheduler.init_noise_sigma)
    latents = initial * sigma
    if first > 0:
        latents = scheduler.add_noise(original, initial, timesteps[:1].repeat(SHAPE[0]))
    record = dict(kind=kind, config=settings, steps=steps, first=first, timesteps=[float(t) for t in scheduler.timesteps], init_noise_sigma=sigma, started=flat(latents))
    record["scaled"], record["latents"] = [], []
    for idx, timestep in enumerate(timesteps):
        scaled = scheduler.scale_model_input(latents, timestep)
        if kind in ("euler", "euler_a"):  # the others give the latents back
            record["scaled"].append(flat(scaled))
        needs_noise.pop = lambda: noises[first + idx]
        latents = scheduler.step(outputs[first + idx], timestep, latents).prev_sample
        record["latents"].append(flat(latents))
    return record


class needs_noise:
    """Stands for the random numbers of the modules that draw them."""

    pop = None


for module in (diffusers.schedulers.scheduling_euler_ancestral_discrete, diffusers.schedulers.scheduling_lcm):
    module.randn_tensor = lambda *arguments, **settings: needs_noise.pop()


def training():
    """add_noise and get_velocity at given timesteps, and the ratio that min-SNR weights use."""
    scheduler = diffusers.DDIMScheduler(**SD, clip_sample=False)
    random = draw()
    samples, noise, timesteps = random(4, 1, 1, 2), random(4, 1, 1, 2), torch.tensor([0, 1, 500, 999])
    alphas = scheduler.alphas_cumprod[timesteps]
    return dict(
        config=SD, samples=flat(samples), noise=flat(noise), timesteps=timesteps.tolist(),
        noisy=flat(scheduler.add_noise(samples, noise, timesteps)),
        velocity=flat(scheduler.get_velocity(samples, noise, timesteps)), snr=flat(alphas / (1 - alphas)))


random = draw()
initial, original = random(*SHAPE), random(*SHAPE)
outputs = [random(*SHAPE) for _ in range(MOST_STEPS)]
noises = [random(*SHAPE) for _ in range(MOST_STEPS)]
record = dict(
    made_by="tools/golden/schedulers.py", diffusers=diffusers.__version__, torch=torch.__version__, seed=SEED, shape=SHAPE,
    initial=flat(initial), original=flat(original), outputs=[flat(x) for x in outputs], noises=[flat(x) for x in noises],
    training=training(), cases=[run(*case, initial, original, outputs, noises) for case in cases()])


def rounded(value):
    """Eight digits hold a float32."""
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {key: entry if key == "config" else rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, (list, tuple)) else value


OUT.write_text(json.dumps(rounded(record), separators=(",", ":")).replace('{"kind"', '\n{"kind"') + "\n")
