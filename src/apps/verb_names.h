// apps/verb_names.h - which verbs there are, in both programs, and which are only planned.
#pragma once
#include <optional>
#include <string>

namespace vitrine::apps {

/// What is wrong with the verb and object that the arguments name: unknown, or not in this version yet. Nothing when
/// they are verbs of this program or of vitrine-torch, and when options stand in their place.
std::optional<std::string> wrong_verb(int argc, const char* const* argv);

}  // namespace vitrine::apps
