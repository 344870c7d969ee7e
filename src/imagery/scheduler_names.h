// imagery/scheduler_names.h - what other programs call the schedulers of `vitrine draw`.
#pragma once
#include <string>
#include <string_view>

namespace vitrine::imagery {

/// A1111 ("DPM++ 2M"), ComfyUI ("dpmpp_2m") or our own name as our own; "" = none of ours.
std::string scheduler_of(std::string_view name);
/// As A1111 writes it; a name that is not ours stays.
std::string sampler_of(std::string_view scheduler);

}  // namespace vitrine::imagery
