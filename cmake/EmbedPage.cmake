# cmake -D WEB=web -D API=docs/api/openapi.yaml -D OUT=folder [-D NODE=node -D NPM=npm-cli.js] -P EmbedPage.cmake
# Builds the operators' page into OUT/dist and writes OUT/page_files.cpp, which holds its files by the
# assembler's .incbin. Without Node.js, or when npm fails (no network), a page that says so takes its
# place: the program is complete but for what a browser shows.

function(build_page)
  if(NOT NODE)
    set(fault "Node.js 20.19 or later was not found" PARENT_SCOPE)
    return()
  endif()
  cmake_path(GET NODE PARENT_PATH folder)
  set(ENV{PATH} "${folder}:$ENV{PATH}")  # scripts of packages start `node`
  set(installed "${WEB}/node_modules/.package-lock.json")
  if(NOT EXISTS "${installed}" OR "${WEB}/package-lock.json" IS_NEWER_THAN "${installed}")
    execute_process(COMMAND "${NODE}" "${NPM}" ci --loglevel error WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT code EQUAL 0)
      string(REGEX REPLACE "\n.*" "" said "${said}")
      set(fault "npm ci failed: ${said}" PARENT_SCOPE)
      return()
    endif()
  endif()
  execute_process(COMMAND "${NODE}" "${NPM}" exec --offline -- vite build --logLevel warn --emptyOutDir --outDir "${OUT}/dist"
                  WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    string(REGEX REPLACE "\n.*" "" said "${said}")
    set(fault "vite build failed: ${said}" PARENT_SCOPE)
  endif()
endfunction()

set(fault "")
build_page()
if(fault)
  message(STATUS "The operators' page is not a part of this build: ${fault}")
  file(REMOVE_RECURSE "${OUT}/dist")
  file(WRITE "${OUT}/dist/index.html" "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>Vitrine</title>
<h1>这个程序里没有页面 · This build has no page</h1>
<p>编译时没有 Node.js 20.19 或更新版本，或 npm 没有网络。装好后重新编译；命令行和 HTTP 接口（<a href=\"/openapi.yaml\">openapi.yaml</a>）不受影响。</p>
<p lang=\"en\">The build found no Node.js 20.19 or later, or its npm had no network. Install it and build again; the command line and the HTTP interface
(<a href=\"/openapi.yaml\">openapi.yaml</a>) work without it.</p></html>
")
endif()
file(COPY_FILE "${API}" "${OUT}/dist/openapi.yaml")

file(GLOB_RECURSE files RELATIVE "${OUT}/dist" "${OUT}/dist/*")
list(SORT files)
set(bytes "")
set(declarations "")
set(table "")
set(index 0)
foreach(file IN LISTS files)
  file(SHA256 "${OUT}/dist/${file}" hash)
  string(APPEND bytes "// ${hash}\nasm(\".pushsection .rodata\\n.global vitrine_page_${index}\\n.global vitrine_page_${index}_end\\n.balign 16\\nvitrine_page_${index}:\\n\"\n    \".incbin \\\"${OUT}/dist/${file}\\\"\\nvitrine_page_${index}_end:\\n.byte 0\\n.popsection\\n\");\n")
  string(APPEND declarations "extern \"C\" const char vitrine_page_${index}[], vitrine_page_${index}_end[];\n")
  string(APPEND table "    {\"/${file}\", {vitrine_page_${index}, static_cast<size_t>(vitrine_page_${index}_end - vitrine_page_${index})}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUT}/page_files.cpp" "// Written by cmake/EmbedPage.cmake.\n#include \"serve/page.h\"\n\n${declarations}\n${bytes}\nnamespace vitrine::serve {\n\nstd::span<const PageFile> page_files() {\n  static const PageFile kFiles[] = {\n${table}  };\n  return kFiles;\n}\n\n}  // namespace vitrine::serve\n")
