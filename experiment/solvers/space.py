"""The search spaces of this folder, as prismfed reads them: what a configuration is in words."""
import json
import re
import shlex


def read(path):
    with open(path) as file:
        return json.load(file)


def default(space):
    return active(space, {gene["name"]: gene["default"] for gene in space["genes"]})


def is_active(gene, values):
    """Conditions here are NAME == "CHOICE" or NAME != "CHOICE"; they are false where NAME is not active itself."""
    if "condition" not in gene:
        return True
    name, sign, choice = re.fullmatch(r'(\w+) (==|!=) "(.*)"', gene["condition"]).groups()
    return name in values and (values[name] == choice) == (sign == "==")


def active(space, values):
    """Without the genes that do not matter."""
    out = {}
    for gene in space["genes"]:
        if is_active(gene, out):
            out[gene["name"]] = values[gene["name"]]
    return out


def words(space, values):
    """What a target runner gets behind the instance."""
    out = []
    for gene in space["genes"]:
        if gene["name"] in values:
            value = values[gene["name"]]
            if gene["type"] == "continuous":
                value = f"{value:.{space['digits']}f}"
            out += shlex.split(f"{gene['switch']}{value}")
    return out
