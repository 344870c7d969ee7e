#include "imagery/scheduler_names.h"

#include <algorithm>
#include <array>

namespace vitrine::imagery {
namespace {

struct Names {
  std::string_view ours, a1111, comfyui;
};

constexpr std::array<Names, 6> kNames = {{
    {"ddim", "DDIM", "ddim"},
    {"pndm", "PLMS", ""},
    {"euler", "Euler", "euler"},
    {"euler_a", "Euler a", "euler_ancestral"},
    {"dpmpp_2m", "DPM++ 2M", "dpmpp_2m"},
    {"lcm", "LCM", "lcm"},
}};

}  // namespace

std::string scheduler_of(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const Names& n) {
    return !name.empty() && (n.ours == name || n.a1111 == name || n.comfyui == name);
  });
  return found == kNames.end() ? "" : std::string(found->ours);
}

std::string sampler_of(std::string_view scheduler) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const Names& n) { return n.ours == scheduler; });
  return std::string(found == kNames.end() ? scheduler : found->a1111);
}

}  // namespace vitrine::imagery
