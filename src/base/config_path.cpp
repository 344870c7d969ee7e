#include "base/config_path.h"

#include "base/error.h"
#include "base/resource.h"

namespace vitrine {

std::filesystem::path find_config(std::string_view option, const std::string& name) {
  if (std::filesystem::exists(name)) return name;
  const std::string shipped = "configs/" + name + ".json";
  try {
    return resource_path(shipped);
  } catch (const NotFound&) {
    throw NotFound(concat(option, ": '", name, "' is not there: neither the file ", name, " nor ", shipped, " beside the program"));
  }
}

}  // namespace vitrine
