// base/memory.h - how much memory this process has held, and what it need not hold any longer.
#pragma once
#include <cstddef>
#include <span>

namespace vitrine {

/// The most resident memory of this process since it began, or since reset_peak_memory.
double peak_memory_mib();

/// Counts anew from what is resident now. Does nothing where the system cannot (then the peak is that of the whole run).
void reset_peak_memory();

/// Mapped bytes that will not be read soon: their pages may go; reading them again brings them back.
void release_pages(std::span<const std::byte> mapped) noexcept;

}  // namespace vitrine
