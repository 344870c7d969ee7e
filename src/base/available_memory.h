// base/available_memory.h - how much memory this process may still take.
#pragma once
#include <optional>
#include <string_view>

namespace vitrine {

/// What the system can give without swapping, and the limits of this process's control groups
/// leave. Nothing where neither is known.
std::optional<double> available_memory_mib();

/// MemAvailable of the text of /proc/meminfo.
std::optional<double> meminfo_available_mib(std::string_view meminfo);

}  // namespace vitrine
