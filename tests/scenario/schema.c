#include "schema.h"

#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

static bool refuse(struct schema *s, const char *keyword, const char *detail)
{
    if (s->why[0] == '\0')
        snprintf(s->why, sizeof s->why, "%s: %.200s", keyword, detail);
    return false;
}

const json_t *schema_resolve(const struct schema *s, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));

    if (ref == NULL)
        return schema;
    return strncmp(ref, "#/$defs/", 8) == 0 ? json_object_get(json_object_get(s->root, "$defs"), ref + 8) : NULL;
}

static bool has_type(const char *type, const json_t *value)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value));
}

static bool check_bound(struct schema *s, const char *keyword, const json_t *bound, const json_t *value)
{
    double limit = json_number_value(bound), size = 0;
    bool least = strncmp(keyword, "min", 3) == 0;

    if (strstr(keyword, "imum") != NULL && json_is_number(value))
        size = json_number_value(value);
    else if (strstr(keyword, "Items") != NULL && json_is_array(value))
        size = (double)json_array_size(value);
    else if (strstr(keyword, "Length") != NULL && json_is_string(value))
        size = (double)json_string_length(value);
    else
        return true;
    return (least ? size >= limit : size <= limit) || refuse(s, keyword, "");
}

static bool check_required(struct schema *s, const json_t *names, const json_t *value)
{
    size_t i;
    json_t *name;

    if (!json_is_object(value))
        return true;
    json_array_foreach((json_t *)(uintptr_t)names, i, name)
    {
        if (json_object_get(value, json_string_value(name)) == NULL)
            return refuse(s, "required", json_string_value(name));
    }
    return true;
}

static bool check_properties(struct schema *s, const json_t *properties, const json_t *value)
{
    const char *key;
    json_t *member;
    char address[32];

    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const json_t *schema = json_object_get(properties, key);

        if (schema == NULL)
            return refuse(s, "additionalProperties", key);
        snprintf(address, sizeof address, "%p", (const void *)schema);
        if (s->seen != NULL)
            json_object_set_new(s->seen, address, json_true());
        if (!schema_accepts(s, schema, member))
            return refuse(s, "properties", key);
    }
    return true;
}

static bool check_enum(struct schema *s, const json_t *values, const json_t *value)
{
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)(uintptr_t)values, i, one)
    {
        if (json_equal(one, (json_t *)(uintptr_t)value))
            return true;
    }
    return refuse(s, "enum", "none of them");
}

/* anyOf and oneOf. */
static bool check_choice(struct schema *s, const char *keyword, const json_t *schemas, const json_t *value)
{
    unsigned count = 0;
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)(uintptr_t)schemas, i, one)
    {
        struct schema inner = {.root = s->root, .seen = s->seen};

        count += schema_accepts(&inner, one, value);
    }
    return (strcmp(keyword, "oneOf") == 0 ? count == 1 : count > 0) || refuse(s, keyword, "");
}

static bool check_items(struct schema *s, const json_t *schema, const json_t *value)
{
    size_t i;
    json_t *item;

    if (!json_is_array(value))
        return true;
    json_array_foreach((json_t *)(uintptr_t)value, i, item)
    {
        if (!schema_accepts(s, schema, item))
            return refuse(s, "items", "");
    }
    return true;
}

/* The patterns of our schemas mean the same to POSIX. */
static bool check_pattern(struct schema *s, const json_t *pattern, const json_t *value)
{
    regex_t regex;
    bool matches;

    if (!json_is_string(value))
        return true;
    if (regcomp(&regex, json_string_value(pattern), REG_EXTENDED | REG_NOSUB) != 0)
        return refuse(s, "pattern", "cannot be compiled");
    matches = regexec(&regex, json_string_value(value), 0, NULL, 0) == 0;
    regfree(&regex);
    return matches || refuse(s, "pattern", json_string_value(value));
}

static bool is_one_of(const char *word, const char *list)
{
    char padded[64];

    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

static bool check_keyword(struct schema *s, const char *keyword, const json_t *rule, const json_t *value)
{
    if (is_one_of(keyword, " $schema title description default $defs additionalProperties "))
        return true; /* additionalProperties is always false here, see check_properties */
    if (strcmp(keyword, "pattern") == 0)
        return check_pattern(s, rule, value);
    if (is_one_of(keyword, " minimum maximum minItems maxItems minLength maxLength "))
        return check_bound(s, keyword, rule, value);
    if (strcmp(keyword, "type") == 0)
        return has_type(json_string_value(rule), value) || refuse(s, keyword, json_string_value(rule));
    if (strcmp(keyword, "required") == 0)
        return check_required(s, rule, value);
    if (strcmp(keyword, "properties") == 0)
        return !json_is_object(value) || check_properties(s, rule, value);
    if (strcmp(keyword, "items") == 0)
        return check_items(s, rule, value);
    if (strcmp(keyword, "enum") == 0)
        return check_enum(s, rule, value);
    if (strcmp(keyword, "anyOf") == 0 || strcmp(keyword, "oneOf") == 0)
        return check_choice(s, keyword, rule, value);
    if (strcmp(keyword, "$ref") == 0)
        return true; /* see schema_accepts */
    return refuse(s, "unknown keyword", keyword);
}

bool schema_accepts(struct schema *s, const json_t *schema, const json_t *value)
{
    const json_t *target = schema_resolve(s, schema);
    const char *keyword;
    json_t *rule;

    if (target == NULL)
        return refuse(s, "$ref", "nothing there");
    if (json_object_get(target, "properties") != NULL &&
        !json_is_false(json_object_get(target, "additionalProperties")))
        return refuse(s, "additionalProperties", "must be false");
    json_object_foreach((json_t *)(uintptr_t)target, keyword, rule)
    {
        if (!check_keyword(s, keyword, rule, value))
            return false;
    }
    return true;
}
