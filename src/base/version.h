// base/version.h - which program this is, for the manifests of what it makes.
#pragma once

namespace vitrine {

/// "0.1.0", of the build's CMakeLists.txt.
const char* program_version() noexcept;

}  // namespace vitrine
