# FindLibtorch: libtorch from the PyPI wheel (site-packages/torch) or from the official zip, with no CUDA toolkit needed.
#   in : LIBTORCH_ROOT (cache or environment): the folder that has include/ and lib/; else the `torch` of LIBTORCH_PYTHON / python3
#        LIBTORCH_CUDA = AUTO | ON | OFF
#   out: target Libtorch::torch; Libtorch_VERSION, Libtorch_HAS_CUDA, Libtorch_LIB_DIR
set(LIBTORCH_ROOT "$ENV{LIBTORCH_ROOT}" CACHE PATH "Folder with libtorch's include/ and lib/")
set(LIBTORCH_CUDA AUTO CACHE STRING "Link libtorch_cuda: AUTO, ON or OFF")
set_property(CACHE LIBTORCH_CUDA PROPERTY STRINGS AUTO ON OFF)

if(NOT LIBTORCH_ROOT)
  # No `import torch`: that would run Python code and needs all of torch's Python dependencies.
  find_program(LIBTORCH_PYTHON NAMES python3 python)
  if(LIBTORCH_PYTHON)
    execute_process(COMMAND ${LIBTORCH_PYTHON} -c
      "import importlib.util as u,os;s=u.find_spec('torch');print(os.path.dirname(s.origin) if s else '',end='')"
      OUTPUT_VARIABLE _lt_root ERROR_QUIET)
    if(_lt_root)
      set(LIBTORCH_ROOT "${_lt_root}" CACHE PATH "Folder with libtorch's include/ and lib/" FORCE)
    endif()
  endif()
endif()

find_path(Libtorch_INCLUDE_DIR ATen/ATen.h HINTS "${LIBTORCH_ROOT}/include" NO_DEFAULT_PATH)
find_path(Libtorch_API_INCLUDE_DIR torch/torch.h HINTS "${LIBTORCH_ROOT}/include/torch/csrc/api/include" NO_DEFAULT_PATH)
find_library(Libtorch_CPU_LIBRARY torch_cpu HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_C10_LIBRARY c10 HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_CUDA_LIBRARY torch_cuda HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_C10_CUDA_LIBRARY c10_cuda HINTS "${LIBTORCH_ROOT}/lib" NO_DEFAULT_PATH)
mark_as_advanced(Libtorch_INCLUDE_DIR Libtorch_API_INCLUDE_DIR Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY
                 Libtorch_CUDA_LIBRARY Libtorch_C10_CUDA_LIBRARY LIBTORCH_PYTHON)

if(Libtorch_API_INCLUDE_DIR)
  foreach(_p MAJOR MINOR PATCH)
    foreach(_h "${Libtorch_API_INCLUDE_DIR}/torch/version.h" "${Libtorch_INCLUDE_DIR}/torch/headeronly/version.h")
      if(EXISTS "${_h}")
        file(STRINGS "${_h}" _lt_l REGEX "^#define TORCH_VERSION_${_p} +[0-9]+")
        if(_lt_l)
          string(REGEX MATCH "[0-9]+$" _lt_${_p} "${_lt_l}")
        endif()
      endif()
    endforeach()
  endforeach()
  set(Libtorch_VERSION "${_lt_MAJOR}.${_lt_MINOR}.${_lt_PATCH}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR Libtorch_API_INCLUDE_DIR
  VERSION_VAR Libtorch_VERSION
  REASON_FAILURE_MESSAGE "set LIBTORCH_ROOT to site-packages/torch of a venv with torch, or to an unpacked libtorch zip")

if(Libtorch_FOUND AND NOT TARGET Libtorch::torch)
  get_filename_component(Libtorch_LIB_DIR "${Libtorch_CPU_LIBRARY}" DIRECTORY)

  # A CUDA build of libtorch_cpu.so itself needs libcudart and libcupti: say so now instead of at the link.
  function(_libtorch_missing lib out)
    execute_process(COMMAND ldd "${lib}" OUTPUT_VARIABLE _o ERROR_VARIABLE _e)
    string(REGEX MATCHALL "[^ \t\n]+ => not found" _m "${_o}")
    list(TRANSFORM _m REPLACE " => not found" "")
    list(REMOVE_DUPLICATES _m)
    set(${out} "${_m}" PARENT_SCOPE)
  endfunction()
  _libtorch_missing("${Libtorch_CPU_LIBRARY}" _lt_miss)
  if(_lt_miss)
    message(FATAL_ERROR "${Libtorch_CPU_LIBRARY} lacks ${_lt_miss}: "
      "pip install nvidia-cuda-runtime and nvidia-cuda-cupti of the versions `pip show torch` asks for")
  endif()

  set(Libtorch_HAS_CUDA FALSE)
  if(NOT LIBTORCH_CUDA STREQUAL "OFF")
    if(Libtorch_CUDA_LIBRARY AND Libtorch_C10_CUDA_LIBRARY)
      _libtorch_missing("${Libtorch_CUDA_LIBRARY}" _lt_miss)
      if(NOT _lt_miss)
        set(Libtorch_HAS_CUDA TRUE)
      endif()
    else()
      set(_lt_miss "libtorch_cuda.so")
    endif()
    if(NOT Libtorch_HAS_CUDA AND LIBTORCH_CUDA STREQUAL "ON")
      message(FATAL_ERROR "LIBTORCH_CUDA=ON, but missing: ${_lt_miss}")
    endif()
  endif()

  add_library(Libtorch::torch INTERFACE IMPORTED)
  target_compile_features(Libtorch::torch INTERFACE cxx_std_20)
  set(_lt_inc "${Libtorch_INCLUDE_DIR}" "${Libtorch_API_INCLUDE_DIR}")
  set(_lt_libs "${Libtorch_CPU_LIBRARY}" "${Libtorch_C10_LIBRARY}")
  if(Libtorch_HAS_CUDA)
    # Nothing refers to libtorch_cuda by symbol: its static initialisers register the kernels, so it must stay NEEDED.
    list(APPEND _lt_libs "-Wl,--no-as-needed" "${Libtorch_CUDA_LIBRARY}" "${Libtorch_C10_CUDA_LIBRARY}" "-Wl,--as-needed")
    # CUDA headers (cuda_runtime_api.h ...) from the nvidia wheels, for c10/cuda/*.h: no toolkit needed.
    file(GLOB _lt_cuinc "${LIBTORCH_ROOT}/../nvidia/cu*/include" "${LIBTORCH_ROOT}/../nvidia/cuda_runtime/include")
    list(APPEND _lt_inc ${_lt_cuinc})
    target_compile_definitions(Libtorch::torch INTERFACE VITRINE_HAS_CUDA=1)
  endif()
  set_target_properties(Libtorch::torch PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_lt_inc}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_lt_inc}"
    INTERFACE_LINK_LIBRARIES "${_lt_libs}"
    # The libraries' own RPATH finds nvidia/*; the linker must not chase what only torch_cuda would need.
    INTERFACE_LINK_OPTIONS "-Wl,-rpath,${Libtorch_LIB_DIR};-Wl,--allow-shlib-undefined")
  message(STATUS "Libtorch ${Libtorch_VERSION}: ${LIBTORCH_ROOT} (CUDA linked: ${Libtorch_HAS_CUDA})")
  if(_lt_miss AND NOT Libtorch_HAS_CUDA)
    message(STATUS "Libtorch: CPU only, libtorch_cuda lacks ${_lt_miss}")
  endif()
endif()
