// copywriting/tagger_judge.h - phase two of the claim gate by the tagger (claim_tagger.h).
#pragma once
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "checks/checker.h"
#include "copywriting/claim_tagger.h"

namespace vitrine::copywriting {

/// Asks the tagger which attribute entails a suspicious span. Any number of threads; they wait for one
/// another.
class TaggerJudge : public checks::EvidenceJudge {
 public:
  explicit TaggerJudge(ClaimTagger tagger) : tagger_(std::move(tagger)) {}

  std::vector<std::vector<std::string>> supporting(
      std::u32string_view text, const std::vector<std::pair<size_t, size_t>>& spans,
      const checks::Evidence& evidence) override;

 private:
  std::mutex mutex_;
  ClaimTagger tagger_;
};

}  // namespace vitrine::copywriting
