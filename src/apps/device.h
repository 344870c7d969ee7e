// apps/device.h - --device and --threads for the program with libtorch.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

namespace vitrine::apps {

/// Loads libtorch_cuda when a GPU is there (VITRINE_CUDA=0 or 1 decides otherwise). Without it the
/// program goes on on the CPU. Call once, before any tensor is made.
void load_cuda_if_present();

/// "cpu", "cuda", "cuda:1". Throws UsageError for another word, NotFound when there is no such device.
at::Device parse_device(const std::string& name);

/// 0 = all cores.
void set_threads(int threads);

}  // namespace vitrine::apps
