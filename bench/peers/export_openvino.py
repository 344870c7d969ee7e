"""Writes the OpenVINO form of a Hugging Face GPT-2: stateful, as openvino_genai wants it.

    export_openvino.py HF_FOLDER FOLDER --weights f32|int8

int8: matrices of 8 bits by nncf, a scale and zero point for each row. FOLDER also gets the
tokenizer and detokenizer that openvino_genai asks for. make_models starts this in the environment
that has optimum-intel.
"""
import argparse
import pathlib

import openvino
from openvino_tokenizers import convert_tokenizer
from optimum.intel import OVModelForCausalLM
from transformers import AutoTokenizer


def export(source, folder, eight_bits):
    model = OVModelForCausalLM.from_pretrained(
        source, export=True, stateful=True, compile=False, load_in_8bit=eight_bits)
    model.save_pretrained(folder)


def save_tokenizer(source, folder):
    tokenizer, detokenizer = convert_tokenizer(
        AutoTokenizer.from_pretrained(source), with_detokenizer=True)
    openvino.save_model(tokenizer, folder / "openvino_tokenizer.xml")
    openvino.save_model(detokenizer, folder / "openvino_detokenizer.xml")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path, metavar="HF_FOLDER")
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--weights", choices=["f32", "int8"], required=True)
    args = parser.parse_args()
    export(args.source, args.folder, args.weights == "int8")
    save_tokenizer(args.source, args.folder)


if __name__ == "__main__":
    main()
