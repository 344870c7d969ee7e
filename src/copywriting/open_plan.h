// copywriting/open_plan.h - a product whose points the model orders itself, and a text as if it had come from there.
#pragma once
#include <string>
#include <vector>

#include "copywriting/prompt.h"
#include "copywriting/training_set.h"
#include "data/product.h"

namespace vitrine::copywriting {

/// All points of the product in the order of the source, in one group; each value once, the category aside, keys that
/// the model has not learned left out.
///   length  code points that the prompt asks for
PromptPlan open_plan_of(const PromptFormat& format, const data::Product& product, int length = 110);

/// A text about the product with what each of its sentences says, in the style and without the audience that `write` has by default.
/// other_terms: as of align_products.
CopyDocument document_of(data::Product product, const std::string& text, const std::vector<std::string>& other_terms);

/// The text after the product's open plan, each sentence behind the group of what it says.
///   groups  as of open_sequence
TrainingSequence sequence_after_open_plan(const PromptFormat& format, const data::Product& product, const CopyDocument& document, int length, bool groups = true);

}  // namespace vitrine::copywriting
