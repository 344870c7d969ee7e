// recipes/blocked.h - in which of the two kinds that are counted a text must not leave.
#pragma once
#include "copywriting/candidates.h"

namespace vitrine::recipes {

struct Blocked {
  bool unsupported = false;  // a claim or number without evidence
  bool banned = false;       // any other rule that blocks
};

Blocked blocked(const copywriting::Candidate& candidate);

}  // namespace vitrine::recipes
