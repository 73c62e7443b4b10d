{{- /* Certificates: whose they are and where they come from. */}}

{{- /* Names of all who hold one: the services, and the pod of `helm test`. */}}
{{- define "truepen.holders" -}}
{{- append (include "truepen.names" . | fromJsonArray) "test" | toJson -}}
{{- end -}}

{{- define "truepen.tlsSecret" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- if eq $root.Values.tls.mode "existingSecrets" -}}
{{- required (printf "tls.existingSecrets.%s: name the Secret with its tls.crt, tls.key and ca.crt" $name) (get $root.Values.tls.existingSecrets $name) -}}
{{- else -}}
{{- include "truepen.name" . }}-tls
{{- end -}}
{{- end -}}

{{- /* The folder is replaced as a whole when a certificate is renewed, and read
anew by the process; a subPath would never be. */}}
{{- define "truepen.tlsVolume" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- if eq $root.Values.tls.mode "selfSigned" -}}
secret:
  secretName: {{ include "truepen.fullname" $root }}-self-signed
  defaultMode: 0440
  items:
    - { key: {{ $name }}.crt, path: tls.crt }
    - { key: {{ $name }}.key, path: tls.key }
    - { key: ca.crt, path: ca.crt }
{{- else if $root.Values.tls.caBundle.configMap -}}
projected:
  defaultMode: 0440
  sources:
    - secret:
        name: {{ include "truepen.tlsSecret" . }}
        items:
          - { key: tls.crt, path: tls.crt }
          - { key: tls.key, path: tls.key }
    - configMap:
        name: {{ $root.Values.tls.caBundle.configMap }}
        items:
          - { key: {{ $root.Values.tls.caBundle.key }}, path: ca.crt }
{{- else -}}
secret:
  secretName: {{ include "truepen.tlsSecret" . }}
  defaultMode: 0440
{{- end -}}
{{- end -}}
