import os

# What is kept from run to run, and paths inside longer texts, are for their author.
if "cache" not in globals():
    cache = {}

folder = f"{os.path.join('/home/hexa/tmp', 'maps')}/{len(cache)}"
