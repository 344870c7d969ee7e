"""Times the parts of Stable Diffusion 1.5 in OpenVINO; the first call of a part converts it.

    peer_openvino_pictures.py --part unet --models out/peers/pictures
"""
import pathlib

import numpy
import openvino
import torch

from picture_models import (WIDTH, TOKENS, ids, latents, measure_part, picture_arguments,
                            text_encoder, unet, vae)

GUIDED = 2  # prompt and negative prompt in one batch


class FirstOutput(torch.nn.Module):
    """A model as a function of tensors, as the converter wants it."""

    def __init__(self, model, call):
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *inputs):
        return self.call(self.model, inputs)


def part_and_inputs(args):
    if args.part == "text":
        return FirstOutput(text_encoder(), lambda m, x: m(x[0])[0]), (ids(GUIDED),)
    if args.part == "vae":
        decode = FirstOutput(vae(), lambda m, x: m.decode(x[0], return_dict=False)[0])
        return decode, (latents(args, 1),)
    step = FirstOutput(unet(), lambda m, x: m(x[0], x[1], x[2], return_dict=False)[0])
    return step, (latents(args, GUIDED), torch.tensor(500), torch.randn(GUIDED, TOKENS, WIDTH))


def converted(args):
    path = pathlib.Path(args.models) / f"{args.part}-{args.width}x{args.height}.xml"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    model, inputs = part_and_inputs(args)
    graph = openvino.convert_model(model.eval(), example_input=inputs,
                                   input=[tuple(x.shape) for x in inputs])
    openvino.save_model(graph, path, compress_to_fp16=False)
    return path


def random_inputs(compiled):
    random = numpy.random.default_rng(0)
    inputs = []
    for port in compiled.inputs:
        shape, kind = list(port.partial_shape.to_shape()), port.element_type.get_type_name()
        inputs.append(random.standard_normal(shape).astype(numpy.float32) if kind == "f32"
                      else numpy.full(shape, 500, {"i64": numpy.int64, "i32": numpy.int32}[kind]))
    return inputs


def main():
    args = picture_arguments(__doc__.splitlines()[0], ["text", "unet", "vae"],
                             ["bfloat16", "float32"])
    path = converted(args)
    compiled = openvino.Core().compile_model(path, "CPU", {
        "INFERENCE_PRECISION_HINT": {"bfloat16": "bf16", "float32": "f32"}[args.dtype],
        "INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY"})
    request, inputs = compiled.create_infer_request(), random_inputs(compiled)
    measure_part(args, lambda: request.infer(inputs), peer="openvino",
                 version=openvino.__version__.split("-")[0])


if __name__ == "__main__":
    main()
