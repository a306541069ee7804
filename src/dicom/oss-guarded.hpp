/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

#include <exception>
#include <new>

/* Runs @body; what it throws becomes an error and @failure.  Every function that C calls is
 * one guarded() block: nothing is thrown across. */
template <typename Result, typename Body>
static Result
guarded (GError **error, Result failure, Body body) noexcept
{
  try
    {
      return body ();
    }
  catch (const std::bad_alloc &)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, "out of memory");
    }
  catch (const std::exception &e)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, e.what ());
    }
  catch (...)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, "unknown exception");
    }
  return failure;
}
