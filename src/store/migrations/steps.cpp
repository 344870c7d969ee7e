#include "store/migrations/steps.h"

#include <vector>

namespace vitrine::store {

std::span<const Migration> migrations() {
  static const std::vector<Migration> steps = {kStep1Shops, kStep2Products, kStep3Writing,
                                               kStep4Work, kStep5PicksOfJobs};
  return steps;
}

}  // namespace vitrine::store
