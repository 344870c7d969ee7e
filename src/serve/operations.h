// serve/operations.h - all operations of docs/api/openapi.yaml, subject by subject.
#pragma once
#include <span>
#include <vector>

#include "serve/operation.h"

namespace vitrine::serve {

std::span<const Operation> session_operations();
std::span<const Operation> import_operations();
std::span<const Operation> product_operations();  // and plans, checks
std::span<const Operation> job_operations();
std::span<const Operation> candidate_operations();
std::span<const Operation> pick_operations();
std::span<const Operation> review_operations();  // and audit, exports
std::span<const Operation> library_operations();
std::span<const Operation> model_operations();  // and rounds, statistics
std::span<const Operation> openai_operations();
std::span<const Operation> operation_operations();

std::vector<Operation> all_operations();

}  // namespace vitrine::serve
