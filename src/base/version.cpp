#include "base/version.h"

namespace vitrine {

const char* program_version() noexcept { return VITRINE_VERSION; }

}  // namespace vitrine
