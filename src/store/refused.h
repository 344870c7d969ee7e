// store/refused.h - a value or a relation that the database does not take.
#pragma once
#include "base/error.h"

namespace vitrine::store {

/// Names the database and its rule: for logs, and not for those who sent the value.
class Refused : public InvalidInput { using InvalidInput::InvalidInput; };

}  // namespace vitrine::store
