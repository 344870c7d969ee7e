#include "base/available_memory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace vitrine {
namespace {

namespace fs = std::filesystem;

constexpr double kBytesInMiB = 1 << 20;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The number that a file begins with; nothing for "max" and for a file that is not there.
std::optional<double> number_in(const fs::path& path) {
  const std::string text = text_of(path);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// The path of this process's group in the unified hierarchy (cgroups(7)), such as "/user.slice".
std::string unified_group() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::/")) return line.substr(4);
  }
  return "";
}

/// What the limits of the group and of those above it leave.
std::optional<double> group_available_mib() {
  const fs::path root = "/sys/fs/cgroup";
  std::optional<double> least;
  for (fs::path group = root / unified_group();; group = group.parent_path()) {
    const auto limit = number_in(group / "memory.max"), used = number_in(group / "memory.current");
    if (limit && used) {
      const double left = std::max(0.0, *limit - *used) / kBytesInMiB;
      least = least ? std::min(*least, left) : left;
    }
    if (group == root || !group.has_relative_path()) return least;
  }
}

}  // namespace

std::optional<double> meminfo_available_mib(std::string_view meminfo) {
  constexpr std::string_view kName = "MemAvailable:";
  const size_t at = meminfo.find(kName);
  if (at == meminfo.npos) return std::nullopt;
  std::istringstream rest{std::string(meminfo.substr(at + kName.size()))};
  double kib = 0;
  if (!(rest >> kib)) return std::nullopt;
  return kib / 1024;
}

std::optional<double> available_memory_mib() {
  const auto system = meminfo_available_mib(text_of("/proc/meminfo"));
  const auto group = group_available_mib();
  if (system && group) return std::min(*system, *group);
  return system ? system : group;
}

}  // namespace vitrine
