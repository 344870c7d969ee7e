#include "base/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace vitrine {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void on_signal(int signal) {
  if (stop_requested != 0) ::_exit(128 + signal);
  stop_requested = 1;
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return stop_requested != 0; }

void throw_if_interrupted(const char* what) {
  if (interrupted()) throw Cancelled(concat("interrupted: ", what));
}

}  // namespace vitrine
