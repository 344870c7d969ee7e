#include "serve/operations.h"

namespace vitrine::serve {

std::vector<Operation> all_operations() {
  std::vector<Operation> all;
  for (const auto& some :
       {session_operations(), import_operations(), product_operations(), job_operations(),
        candidate_operations(), pick_operations(), review_operations(), library_operations(),
        model_operations(), openai_operations(), operation_operations()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace vitrine::serve
