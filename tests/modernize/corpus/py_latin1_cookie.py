# -*- coding: latin-1 -*-
# Données de l'été, région de l'Est
DOSSIER = "/home/hexa/workspace/données"
LIBELLÉ = "Été : /home/hexa/workspace"
SORTIE = "relevés.csv"
with open(SORTIE, "w", encoding="latin-1") as fichier:
    fichier.write(LIBELLÉ)
