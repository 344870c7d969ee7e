// recipes/draw_worker.h - draws for another process: requests and events are JSON lines
// (docs/formats/draw_worker.md). Models stay in memory as long as requests name the same ones.
#pragma once
#include <iosfwd>
#include <string>

namespace vitrine::recipes {

struct DrawWorkerConfig {
  std::string dtype = "float32";  // or bfloat16
  std::string device = "cpu";
};

/// Reads requests from `in` until its end. A request that cannot be done gives the event `failed`, and
/// the next one is taken. When `in` ends in the middle of one, the process ends at once: nobody waits.
void run_draw_worker(const DrawWorkerConfig& config, std::istream& in, std::ostream& out);

}  // namespace vitrine::recipes
