#include "apps/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/log.h"

namespace vitrine::apps {

void load_cuda_if_present() {
  const char* forced = std::getenv("VITRINE_CUDA");
  const bool wanted = forced != nullptr ? *forced != '0' : access("/dev/nvidiactl", F_OK) == 0;
  if (!wanted) return;
  // The file name alone: this program's run path finds it.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) log_warn("CPU only: ", dlerror());
}

at::Device parse_device(const std::string& name) {
  const bool known = name == "cpu" || name == "cuda" || (name.rfind("cuda:", 0) == 0 && name.size() > 5 &&
                                                         name.find_first_not_of("0123456789", 5) == std::string::npos);
  if (!known) throw UsageError(concat("--device: expected cpu, cuda or cuda:i, got ", name));
  const at::Device device(name);
  if (device.is_cuda() && !at::hasCUDA()) throw NotFound(concat("--device ", name, ": no CUDA device was found"));
  return device;
}

void set_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

}  // namespace vitrine::apps
