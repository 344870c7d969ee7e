// base/interrupt.h - Ctrl-C as a question that long loops ask.
#pragma once

namespace vitrine {

/// Makes SIGINT and SIGTERM set the flag; a second one ends the process at once.
void install_interrupt_handler();

/// Whether the user asked to stop. Async-signal-safe flag, any thread.
bool interrupted() noexcept;

/// Throws Cancelled when the user asked to stop. `what` says what is saved.
void throw_if_interrupted(const char* what);

}  // namespace vitrine
