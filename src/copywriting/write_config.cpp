#include "copywriting/write_config.h"

#include "base/error.h"

namespace vitrine::copywriting {

void WriteConfig::validate() const {
  check_config(*this, "write");
  const std::string fault = beam_fault();
  VITRINE_REQUIRE(fault.empty(), "[WriteConfig] ", fault);
}

std::string WriteConfig::beam_fault() const {
  const bool grouped = num_beam_groups != 1 || diversity_penalty != 0;
  if (num_beams == 0) {
    return grouped || length_penalty != 1 ? "--num-beam-groups, --diversity-penalty, --length-penalty: expected --num-beams beside them" : "";
  }
  if (!baseline.empty()) return concat("--num-beams: expected no --baseline beside it, got ", baseline);
  if (num_return_sequences > num_beams) {
    return concat("--num-return-sequences: expected at most --num-beams ", num_beams, ", got ", num_return_sequences);
  }
  if (num_beams % num_beam_groups != 0) {
    return concat("--num-beam-groups: expected a divisor of --num-beams ", num_beams, ", got ", num_beam_groups);
  }
  if (num_beam_groups > 1 && diversity_penalty == 0) return "--diversity-penalty: expected above 0 with --num-beam-groups, got 0";
  if (num_beam_groups == 1 && diversity_penalty > 0) {
    return concat("--diversity-penalty: expected --num-beam-groups above 1 beside it, got ", num_beam_groups);
  }
  return "";
}

}  // namespace vitrine::copywriting
