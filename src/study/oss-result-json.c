/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-result-json.h"

#include "base/oss-i18n.h"

#include <math.h>

JsonObject *
oss_result_read (JsonParser *parser, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) reason = NULL;

  if (json_parser_load_from_file (parser, path, &reason) && json_parser_get_root (parser) != NULL
      && JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return json_node_get_object (json_parser_get_root (parser));
  g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
               _ ("“%s” is not the folder of a finished analysis: %s (%s). “ossature analyze CT --out DIR” makes one."),
               folder, name, reason != NULL ? reason->message : _ ("not a JSON object"));
  return NULL;
}

double
oss_result_number (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE && json_node_get_value_type (node) != G_TYPE_INT64))
    return NAN;
  return json_node_get_double (node);
}

const char *
oss_result_text (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  gboolean is_text = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;

  return is_text ? json_node_get_string (node) : "";
}

JsonObject *
oss_result_child (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}
