// store/libpq.h - PostgreSQL's client library, loaded when a server is first connected to.
//
// Linked, it would bring 25 libraries along (LDAP, Kerberos, GnuTLS) and cost every start of the
// program about 50 ms, also of those that never see a server.
#pragma once
#include <libpq-fe.h>

namespace vitrine::store {

/// The functions of libpq that postgres.cpp calls, under their own names.
struct Libpq {
  decltype(&::PQclear) PQclear;
  decltype(&::PQcmdStatus) PQcmdStatus;
  decltype(&::PQcmdTuples) PQcmdTuples;
  decltype(&::PQconnectdbParams) PQconnectdbParams;
  decltype(&::PQconninfoFree) PQconninfoFree;
  decltype(&::PQconninfoParse) PQconninfoParse;
  decltype(&::PQerrorMessage) PQerrorMessage;
  decltype(&::PQexec) PQexec;
  decltype(&::PQexecParams) PQexecParams;
  decltype(&::PQfinish) PQfinish;
  decltype(&::PQfreemem) PQfreemem;
  decltype(&::PQftype) PQftype;
  decltype(&::PQgetisnull) PQgetisnull;
  decltype(&::PQgetlength) PQgetlength;
  decltype(&::PQgetvalue) PQgetvalue;
  decltype(&::PQntuples) PQntuples;
  decltype(&::PQparameterStatus) PQparameterStatus;
  decltype(&::PQresultErrorField) PQresultErrorField;
  decltype(&::PQresultErrorMessage) PQresultErrorMessage;
  decltype(&::PQresultStatus) PQresultStatus;
  decltype(&::PQsetNoticeProcessor) PQsetNoticeProcessor;
  decltype(&::PQstatus) PQstatus;
  decltype(&::PQunescapeBytea) PQunescapeBytea;
};

/// Loads it once and keeps it. Thread-safe. Throws NotFound when libpq.so.5 is not installed.
const Libpq& libpq();

}  // namespace vitrine::store
