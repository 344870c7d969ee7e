#include "store/libpq.h"

#include <dlfcn.h>

#include "base/error.h"

namespace vitrine::store {
namespace {

constexpr const char* kFile = "libpq.so.5";

template <typename Function>
void load(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr) throw NotFound(concat("[libpq] ", kFile, " has no function ", name));
}

Libpq load_all() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw NotFound(concat("[libpq] ", kFile, " cannot be loaded (Debian: libpq5): ", ::dlerror()));
  Libpq functions{};
  load(library, "PQclear", functions.PQclear);
  load(library, "PQcmdStatus", functions.PQcmdStatus);
  load(library, "PQcmdTuples", functions.PQcmdTuples);
  load(library, "PQconnectdbParams", functions.PQconnectdbParams);
  load(library, "PQconninfoFree", functions.PQconninfoFree);
  load(library, "PQconninfoParse", functions.PQconninfoParse);
  load(library, "PQerrorMessage", functions.PQerrorMessage);
  load(library, "PQexec", functions.PQexec);
  load(library, "PQexecParams", functions.PQexecParams);
  load(library, "PQfinish", functions.PQfinish);
  load(library, "PQfreemem", functions.PQfreemem);
  load(library, "PQftype", functions.PQftype);
  load(library, "PQgetisnull", functions.PQgetisnull);
  load(library, "PQgetlength", functions.PQgetlength);
  load(library, "PQgetvalue", functions.PQgetvalue);
  load(library, "PQntuples", functions.PQntuples);
  load(library, "PQparameterStatus", functions.PQparameterStatus);
  load(library, "PQresultErrorField", functions.PQresultErrorField);
  load(library, "PQresultErrorMessage", functions.PQresultErrorMessage);
  load(library, "PQresultStatus", functions.PQresultStatus);
  load(library, "PQsetNoticeProcessor", functions.PQsetNoticeProcessor);
  load(library, "PQstatus", functions.PQstatus);
  load(library, "PQunescapeBytea", functions.PQunescapeBytea);
  return functions;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq functions = load_all();
  return functions;
}

}  // namespace vitrine::store
