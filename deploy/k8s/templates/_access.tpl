{{- /* Who may do what, and who has to show a token for it. */}}

{{- /* Whether bearer tokens are taken: "true" or nothing. */}}
{{- define "truepen.bearer" -}}
{{- if or .Values.access.issuers .Values.access.cluster.enabled }}true{{ end -}}
{{- end -}}

{{- /* (root, name): whether it shows a token because it has no certificate. */}}
{{- define "truepen.showsToken" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $calls := true -}}
{{- if ne $name "test" }}{{ $calls = (include "truepen.service" . | fromYaml).calls }}{{ end -}}
{{- if and $calls $root.Values.access.cluster.enabled (eq $root.Values.tls.mode "none") }}true{{ end -}}
{{- end -}}

{{- /* Roles of the chart's own callers, by the service that they call. */}}
{{- define "truepen.ownRoles" -}}
detector: [reader]
accounts: [writer, moderator]
{{- end -}}

{{- /* (root, name of the caller, roles): a grant, as a list of one or none. */}}
{{- define "truepen.grant" -}}
{{- $root := index . 0 -}}
{{- $caller := list $root (index . 1) -}}
{{- $grants := list -}}
{{- if ne $root.Values.tls.mode "none" -}}
{{- $grants = append $grants (dict "certificate" (include "truepen.dnsName" $caller) "roles" (index . 2)) -}}
{{- else if $root.Values.access.cluster.enabled -}}
{{- $account := include "truepen.name" $caller -}}
{{- if ne (index . 1) "test" }}{{ $account = include "truepen.serviceAccountName" $caller }}{{ end -}}
{{- $subject := printf "system:serviceaccount:%s:%s" $root.Release.Namespace $account -}}
{{- $grants = append $grants (dict "issuer" "cluster" "subject" $subject "roles" (index . 2)) -}}
{{- end -}}
{{- toJson $grants -}}
{{- end -}}

{{- /* (root, name): the access file of a service. */}}
{{- define "truepen.access" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $access := $root.Values.access -}}
{{- $issuers := $access.issuers -}}
{{- if $access.cluster.enabled -}}
{{- $cluster := dict "name" "cluster" "issuer" $access.cluster.issuer "audience" $access.cluster.audience "keys" $access.cluster.keys "ca_file" "/var/run/secrets/cluster/ca.crt" "bearer_file" "/var/run/secrets/cluster/token" -}}
{{- $issuers = prepend $issuers $cluster -}}
{{- end -}}
{{- $callers := include "truepen.grant" (list $root "test" (list "reader")) | fromJsonArray -}}
{{- if eq $root.Values.tls.mode "selfSigned" -}}
{{- $callers = concat $callers (include "truepen.grant" (list $root "client" (list "admin" "engineer")) | fromJsonArray) -}}
{{- end -}}
{{- range $other := include "truepen.names" $root | fromJsonArray -}}
{{- if eq (default "" (include "truepen.service" (list $root $other) | fromYaml).calls) $name -}}
{{- $roles := index (include "truepen.ownRoles" $root | fromYaml) $name -}}
{{- $callers = concat $callers (include "truepen.grant" (list $root $other $roles) | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "issuers" $issuers "callers" (concat $callers $access.callers)) -}}
{{- end -}}
